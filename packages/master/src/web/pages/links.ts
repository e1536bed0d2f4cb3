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
