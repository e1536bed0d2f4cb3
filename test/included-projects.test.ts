import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builderSchema, farmSchema } from '@weir/protocol';
import { describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { createSmallFarm } from './support/small-farm.ts';

const project = `projects:
  extra:
    trunks: [lang/main]
    schedule: [{ cron: '0 3 * * *', timezone: Europe/Berlin }]
    steps:
      - test: "true"
`;

describe('a project in a file of its own', () => {
  it('joins a farm that runs; while its file is broken the last good one stays', async () => {
    await using repositories = await createSmallFarm();
    const { remotes } = repositories;
    await using farm = await FarmProcess.start({
      farm: repositories.farm({ extra: 'include: [projects/*.yaml]' }),
      remotes,
    });
    const first = await farm.events.until('farm.applied');
    const file = join(farm.dir, 'projects', 'extra.yaml');
    await mkdir(join(farm.dir, 'projects'));
    await writeFile(file, project);
    farm.signal('SIGHUP');
    await farm.events.until('farm.applied', { after: first.number });
    const path = `/api/v1/builders/${encodeURIComponent('lang/main/extra/here')}`;
    let next: number | null = null;
    // The schedule is first looked at a moment after the file came into force.
    while (next === null) ({ nextScheduled: next } = await farm.get(path, builderSchema));
    assert.equal(berlin.format(next), '03:00');

    await writeFile(file, project.replace('lang/main', 'lang/mian'));
    farm.signal('SIGHUP');
    let warnings: readonly string[] = [];
    while (warnings.length === 0) ({ warnings } = await farm.get('/api/v1/farm', farmSchema));
    assert.match(warnings.join('\n'), /projects\/extra\.yaml:3:14: projects\.extra\.trunks/);
    assert.equal((await farm.get(path, builderSchema)).name, 'lang/main/extra/here');
  });
});

const berlin = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Berlin',
  hour: '2-digit',
  minute: '2-digit',
});
