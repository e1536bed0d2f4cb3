/** Where things are. Builders keep their slashes: `/builders/lua/master/debian-12-x64`. */
export function builderPath(name: string): string {
  return `/builders/${name.split('/').map(encodeURIComponent).join('/')}`;
}

export function buildPath(id: number): string {
  return `/builds/${id}`;
}

export function logPath(id: number): string {
  return `/logs/${id}`;
}

export function workerPath(name: string): string {
  return `/workers/${encodeURIComponent(name)}`;
}

export function requestPath(id: number): string {
  return `/requests/${id}`;
}

export function changePath(id: number): string {
  return `/changes/${id}`;
}

export function artifactPath(id: number): string {
  return `/artifacts/${id}`;
}

export function breakagePath(id: number): string {
  return `/breakages/${id}`;
}

export function versionPath(id: number): string {
  return `/farm-file/versions/${id}`;
}

export function deliveryPath(id: number): string {
  return `/outbox/${id}`;
}

export interface TestsAddress {
  readonly step?: number | undefined;
  readonly outcome?: string | undefined;
  readonly change?: string | undefined;
  readonly q?: string | undefined;
  readonly cursor?: string | undefined;
}

/** The tests of a build, with what is asked for of them. */
export function testsPath(build: number, ask: TestsAddress = {}): string {
  return withQuery(`${buildPath(build)}/tests`, { ...ask });
}

/** One test over the last builds of a builder. */
export function testHistoryPath(test: { builder: string; step: string; name: string }): string {
  return withQuery('/tests', test);
}

function withQuery(
  path: string,
  ask: Readonly<Record<string, string | number | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(ask)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
