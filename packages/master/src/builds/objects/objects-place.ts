import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Objects on S3-compatible storage. */
export interface BucketPlace {
  readonly bucket: string;
  /** Of every key; blank, or with a slash at its end. */
  readonly prefix: string;
  /** Null: Amazon's own. */
  readonly endpoint: string | null;
  readonly region: string;
}

/** Where the objects of a farm are; plain data, to be given to threads. */
export interface ObjectsPlace {
  /** Of the objects themselves where there is no bucket; of what is being uploaded in any case. */
  readonly dir: string;
  readonly bucket: BucketPlace | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `s3://BUCKET/PREFIX?endpoint=URL&region=NAME` or `file:///FOLDER`; null is the data folder.
 *
 * @throws Error when it is neither, or the variables with the credentials are not set
 */
export function objectsPlaceOf(
  text: string | null,
  dataDir: string,
  env: Environment = process.env,
): ObjectsPlace {
  const dir = join(dataDir, 'objects');
  if (text === null) return { dir, bucket: null };
  const url = URL.parse(text);
  if (url?.protocol === 'file:' && url.host === '' && url.search === '') {
    return { dir: fileURLToPath(url), bucket: null };
  }
  if (url?.protocol !== 's3:') {
    throw new Error(
      `the objects can't be at '${text}': expected s3://BUCKET/PREFIX or file:///FOLDER`,
    );
  }
  return { dir, bucket: bucketOf(url, env) };
}

/** As people write it: `s3://weir/farm/`, or the folder. */
export function shownObjectsPlace({ dir, bucket }: ObjectsPlace): string {
  return bucket === null ? pathToFileURL(dir).href : `s3://${bucket.bucket}/${bucket.prefix}`;
}

function bucketOf(url: URL, env: Environment): BucketPlace {
  const { hostname: bucket, pathname, searchParams, username, password, port } = url;
  const name = `s3://${bucket}${pathname}`;
  if (username !== '' || password !== '') {
    throw new Error(
      `${name}: credentials are not part of the address: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
    );
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || port !== '') {
    throw new Error(`${name}: '${url.host}' is no name of a bucket`);
  }
  for (const key of searchParams.keys()) {
    if (key === 'endpoint' || key === 'region') continue;
    throw new Error(`${name}: there is no setting '${key}', only endpoint and region`);
  }
  if (!env['AWS_ACCESS_KEY_ID'] || !env['AWS_SECRET_ACCESS_KEY']) {
    throw new Error(`${name}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set`);
  }
  const endpoint = searchParams.get('endpoint');
  if (endpoint !== null && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    throw new Error(`${name}: the endpoint '${endpoint}' is no http:// or https:// address`);
  }
  if (!/^[\w./-]*$/.test(pathname)) {
    throw new Error(`${name}: a prefix is of letters, digits, '.', '_', '-' and '/'`);
  }
  const path = pathname.replaceAll(/^\/+|\/+$/g, '');
  const region = searchParams.get('region') ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION']);
  return {
    bucket,
    prefix: path === '' ? '' : `${path}/`,
    endpoint,
    region: region || 'us-east-1',
  };
}
