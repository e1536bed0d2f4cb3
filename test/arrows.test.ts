import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'mocha';

/** What each package may import of the others. `later` is for dynamic imports alone. */
const arrows: Readonly<Record<string, { now: readonly string[]; later?: readonly string[] }>> = {
  protocol: { now: [] },
  model: { now: ['@weir/protocol'] },
  worker: { now: ['@weir/protocol'] },
  master: { now: ['@weir/protocol', '@weir/model', '@weir/model/layout'] },
  browser: { now: ['@weir/protocol', '@weir/model/layout'] },
  cli: {
    now: ['@weir/protocol', '@weir/model', '@weir/worker/node-version'],
    later: ['@weir/worker', '@weir/master'],
  },
};
/** These run in a browser too. */
const pure = ['protocol', 'model', 'browser'];

const packages = resolve(import.meta.dirname, '../packages');

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly isDynamic: boolean;
}

/** The imports and re-exports of a source, types included. */
function importsOf(source: string, file: string): Import[] {
  const code = source.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const [, specifier = ''] of code.matchAll(
    /^\s*(?:import|export)\b(?:[^'";=]*?\bfrom)?\s*['"]([^'"]+)['"]/gm,
  )) {
    found.push({ file, specifier, isDynamic: false });
  }
  for (const [, specifier = ''] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) {
    found.push({ file, specifier, isDynamic: true });
  }
  return found;
}

async function importsOfPackage(name: string): Promise<Import[]> {
  const found: Import[] = [];
  for await (const path of glob('src/**/*.ts', { cwd: join(packages, name) })) {
    const file = join(packages, name, path);
    found.push(...importsOf(readFileSync(file, 'utf8'), file));
  }
  return found;
}

function manifestOf(name: string): Record<string, Record<string, string> | undefined> {
  const text = readFileSync(join(packages, name, 'package.json'), 'utf8');
  return JSON.parse(text) as Record<string, Record<string, string> | undefined>;
}

function describeImport({ file, specifier }: Import): string {
  return `${relative(packages, file)} imports ${specifier}`;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const isOwnFile = ({ specifier }: Import): boolean => specifier.startsWith('.');
const isOfNode = ({ specifier }: Import): boolean =>
  specifier.startsWith('node:') || builtinModules.includes(specifier);

describe('the import arrows', () => {
  it('are read from all forms of import', () => {
    const source = `
      import 'a';
      import b, { type B } from "b";
      import type {
        C,
      } from 'c';
      export * from 'd';
      const e = await import('e');
      type F = import('f').F;
      // import 'g';
      /* import 'h'; */
      export const text = 'i';
    `;

    assert.deepEqual(
      importsOf(source, '').map(({ specifier, isDynamic }) =>
        isDynamic ? `(${specifier})` : specifier,
      ),
      ['a', 'b', 'c', 'd', '(e)', '(f)'],
    );
  });

  it('are given for every package', () => {
    assert.deepEqual(readdirSync(packages).toSorted(), Object.keys(arrows).toSorted());
  });

  for (const [name, { now, later = [] }] of Object.entries(arrows)) {
    describe(name, () => {
      it('imports other packages along the arrows only', async () => {
        const wrong = (await importsOfPackage(name))
          .filter(({ specifier }) => specifier.startsWith('@weir/'))
          .filter(
            ({ specifier, isDynamic }) =>
              !(now.includes(specifier) || (isDynamic && later.includes(specifier))),
          );

        assert.deepEqual(wrong.map(describeImport), []);
      });

      it('imports no file of another package', async () => {
        const root = join(packages, name);
        const wrong = (await importsOfPackage(name))
          .filter(isOwnFile)
          .filter(({ file, specifier }) =>
            relative(root, resolve(dirname(file), specifier)).startsWith('..'),
          );

        assert.deepEqual(wrong.map(describeImport), []);
      });

      it('names all that it imports in its manifest, and no arrow beyond its own', async () => {
        const { dependencies: own, peerDependencies: besides } = manifestOf(name);
        const dependencies = Object.keys({ ...own, ...besides });
        const undeclared = (await importsOfPackage(name))
          .filter((each) => !isOwnFile(each) && !isOfNode(each))
          .filter(({ specifier }) => !dependencies.includes(packageOf(specifier)));
        const allowed = [...now, ...later].map(packageOf);
        const beyond = dependencies.filter(
          (dependency) => dependency.startsWith('@weir/') && !allowed.includes(dependency),
        );

        assert.deepEqual(undeclared.map(describeImport), []);
        assert.deepEqual(beyond, []);
      });
    });
  }

  for (const name of pure) {
    it(`${name} imports nothing of Node`, async () => {
      const wrong = (await importsOfPackage(name)).filter(isOfNode);

      assert.deepEqual(wrong.map(describeImport), []);
    });
  }
});
