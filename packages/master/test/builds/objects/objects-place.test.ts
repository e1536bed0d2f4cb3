import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { bucketKeys } from '../../../../../test/support/bucket-server.ts';
import { objectsPlaceOf } from '../../../src/builds/objects/objects-place.ts';

describe('the address of objects', () => {
  const env = { ...bucketKeys, AWS_REGION: 'eu-west-1' };

  it('is a bucket with a prefix, or a folder', () => {
    const url = 's3://farm/a/b/?endpoint=https://s3.example.org&region=eu-central-1';
    assert.deepEqual(objectsPlaceOf(url, '/data', env), {
      dir: '/data/objects',
      bucket: {
        bucket: 'farm',
        prefix: 'a/b/',
        endpoint: 'https://s3.example.org',
        region: 'eu-central-1',
      },
    });
    const bare = objectsPlaceOf('s3://farm', '/data', env).bucket;
    assert.deepEqual(bare, { bucket: 'farm', prefix: '', endpoint: null, region: 'eu-west-1' });
    assert.deepEqual(objectsPlaceOf('file:///mnt/x', '/data'), { dir: '/mnt/x', bucket: null });
    assert.deepEqual(objectsPlaceOf(null, '/data'), { dir: '/data/objects', bucket: null });
  });

  const refused = {
    '/mnt/x': /expected s3:\/\/BUCKET\/PREFIX or file:\/\/\/FOLDER/,
    'file://host/x': /expected/,
    's3://key:secret@farm/x': /^Error: s3:\/\/farm\/x: credentials are not part of the address/,
    's3://x/': /'x' is no name of a bucket/,
    's3://farm/a%20b': /a prefix is of letters/,
    's3://farm/?acl=public': /no setting 'acl'/,
    's3://farm/?endpoint=s3.example.org': /no http:\/\/ or https:\/\/ address/,
  };
  for (const [url, message] of Object.entries(refused)) {
    it(`is not ${url}`, () => {
      assert.throws(() => objectsPlaceOf(url, '/data', env), message);
    });
  }

  it('needs the credentials in the environment', () => {
    assert.throws(() => objectsPlaceOf('s3://farm', '/data', {}), /AWS_ACCESS_KEY_ID.*not set/);
  });
});
