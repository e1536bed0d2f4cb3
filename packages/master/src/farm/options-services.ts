import { maxServices, serviceNameSchema } from '@weir/protocol';
import { listOf, mapOf } from './collections.ts';
import { count, duration, size } from './quantities.ts';
import { option, optional, orBlank, required, section } from './section.ts';
import { misfit, textType } from './text-type.ts';
import { line, script, variableName, variableValue } from './texts.ts';

const serviceName = textType<string>(
  'a name of a-z, 0-9 and underscore that begins with a letter, at most 30 long',
  '',
  (text) => (serviceNameSchema.safeParse(text).success ? { value: text } : misfit()),
);

const image = textType<string>('an image such as docker.io/library/postgres:16', '', (text) =>
  /^[A-Za-z0-9][\w.:/@-]*$/.test(text) && text.length <= 500 ? { value: text } : misfit(),
);

export const serviceOptions = {
  image: required(
    image,
    'The container image. A worker that does not have it fetches it; with `@sha256:...` it is the same one everywhere and always.',
  ),
  port: required(count(1, 65_535), 'The TCP port that the service listens on in its container.'),
  command: orBlank(
    listOf(line(1_000), 'words such as [postgres, -c, fsync=off]', { max: 50 }),
    "the image's own",
    'What is run in the container.',
  ),
  env: orBlank(
    mapOf(variableName, variableValue, 'variables and their values'),
    'none',
    'Variables for the service, not for the steps. They are no secrets: everybody may read them.',
  ),
  ready: optional(
    script(4_000),
    'it is ready when it listens on its port',
    'Commands for `sh` in the container that succeed once it is ready, such as `pg_isready -U postgres`.',
  ),
  memory: option(
    size('16MiB', '64GiB'),
    '512MiB',
    "Memory of the service, beside the build's own.",
  ),
  'start-within': option(
    duration('1s', '30m'),
    '60s',
    'A service that is not ready so long after its container began has the build end with `exception`: it says nothing about the code. Fetching its image is not counted.',
  ),
};

/** The option of a project that says what its steps talk to. */
export const services = orBlank(
  mapOf(serviceName, section(serviceOptions), 'services', { max: maxServices }),
  'none',
  'Databases and the like that a worker starts beside the steps, by name. The build needs a worker with the label `containers`. Steps with `network` find a service `db` by the variables `WEIR_DB_HOST` and `WEIR_DB_PORT`.',
);
