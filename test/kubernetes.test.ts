import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const root = resolve(import.meta.dirname, '..');

const labels = z.record(z.string(), z.string());
const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
type KubernetesObject = z.infer<typeof objectSchema>;
const podsSchema = z.looseObject({
  spec: z.looseObject({
    selector: z.object({ matchLabels: labels }),
    template: z.looseObject({
      metadata: z.object({ labels }),
      spec: z.looseObject({
        containers: z.array(
          z.looseObject({
            ports: z.array(z.object({ name: z.string(), containerPort: z.number() })).default([]),
          }),
        ),
      }),
    }),
  }),
});
const serviceSchema = z.looseObject({
  spec: z.object({
    selector: labels,
    ports: z.array(z.object({ name: z.string(), port: z.number(), targetPort: z.string() })),
  }),
});
const backendSchema = z.object({
  service: z.object({ name: z.string(), port: z.object({ name: z.string() }) }),
});
const ingressSchema = z.looseObject({
  spec: z.looseObject({
    rules: z.array(
      z.looseObject({
        http: z.object({ paths: z.array(z.looseObject({ backend: backendSchema })) }),
      }),
    ),
  }),
});

/** The manifest as kubectl reads it, which goes by YAML 1.1: there `off` is no text. */
function readManifest(): KubernetesObject[] {
  const text = readFileSync(join(root, 'docs/kubernetes/weir.yaml'), 'utf8');
  return parseAllDocuments(text, { version: '1.1' }).map((document) => {
    assert.deepEqual(document.errors, []);
    return objectSchema.parse(document.toJS());
  });
}

/** What the compiler says of objects as literals of Kubernetes' own types, which takes no field that they lack. */
async function misfitsOf(objects: readonly KubernetesObject[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-kubernetes-'));
  try {
    const literals = objects.map((object, index) => {
      const [version = '', group = 'core'] = object.apiVersion.split('/').toReversed();
      const module = `kubernetes-types/${group.split('.')[0]}/${version}`;
      const name = `of_${object.kind}_${index}`;
      return `import type { ${object.kind} as ${name} } from '${module}';
export const ${object.kind}_${index}: ${name} = ${JSON.stringify(object, null, 1)};\n`;
    });
    await writeFile(join(dir, 'manifest.ts'), literals.join(''));
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'preserve',
      types: [],
      paths: { 'kubernetes-types/*': [join(root, 'node_modules/kubernetes-types/*')] },
    };
    const config = { compilerOptions, files: ['manifest.ts'] };
    await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(config));
    return await new Promise((done) => {
      execFile(join(root, 'node_modules/.bin/tsc'), ['-p', dir], (error, stdout, stderr) =>
        done(error === null ? '' : stdout + stderr),
      );
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

describe('the manifest for Kubernetes', () => {
  const objects = readManifest();
  const ofKinds = (...kinds: string[]) => objects.filter(({ kind }) => kinds.includes(kind));

  it('has the fields that Kubernetes has, of the right types', async () => {
    assert.equal(await misfitsOf(objects), '');
  });

  it('would not be taken with a field that is named or typed otherwise', async () => {
    const text = JSON.stringify(ofKinds('Deployment'));
    for (const [from, to] of [
      ['"readinessProbe"', '"readynessProbe"'],
      ['"replicas":2', '"replicas":"2"'],
      ['"capabilities":{"drop"', '"capabilities":{"drops"'],
    ] as const) {
      const wrong = z.array(objectSchema).parse(JSON.parse(text.replace(from, to)));

      assert.match(await misfitsOf(wrong), /manifest\.ts\(\d+,\d+\): error/, to);
    }
  });

  it('selects the pods that it makes, by ports that they have', () => {
    const pods = ofKinds('Deployment', 'StatefulSet').map((object) => podsSchema.parse(object));
    for (const { spec } of pods) {
      assert.deepEqual(spec.selector.matchLabels, spec.template.metadata.labels);
    }
    for (const service of ofKinds('Service').map((object) => serviceSchema.parse(object))) {
      const { selector, ports } = service.spec;
      const selected = pods.filter(({ spec: { template } }) =>
        Object.entries(selector).every(([key, value]) => template.metadata.labels[key] === value),
      );
      assert.equal(selected.length, 1, JSON.stringify(selector));
      const known = selected.flatMap(({ spec }) =>
        spec.template.spec.containers.flatMap((container) => container.ports),
      );
      for (const { port, targetPort } of ports) {
        assert.equal(known.find(({ name }) => name === targetPort)?.containerPort, port);
      }
    }
  });

  it('leads from outside to services that it has', () => {
    const ports = ofKinds('Service').flatMap((object) =>
      serviceSchema.parse(object).spec.ports.map(({ name }) => `${object.metadata.name} ${name}`),
    );
    for (const { spec } of ofKinds('Ingress').map((object) => ingressSchema.parse(object))) {
      for (const { backend } of spec.rules.flatMap(({ http }) => http.paths)) {
        const { name, port } = backend.service;
        assert.ok(ports.includes(`${name} ${port.name}`), JSON.stringify(backend));
      }
    }
  });

  it('keeps all that it makes in one namespace', () => {
    const elsewhere = objects.filter(
      ({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'weir',
    );

    assert.deepEqual(elsewhere, []);
  });
});
