import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface NewCommit {
  readonly message?: string | Buffer;
  readonly author?: string;
  /** Path to content; paths may be bytes that are no UTF-8. */
  readonly files?: Readonly<Record<string, string>> | ReadonlyMap<string | Buffer, string>;
  readonly branch?: string;
  /** Its first parent; by default the tip of its branch, and null: none. */
  readonly from?: string | null;
  readonly merge?: string;
  /** Seconds. */
  readonly at?: number;
}

/** A folder that goes away with the test. */
export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'weir-upstream-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A real bare repository that people push to. */
export class Origin {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    this.git('init', '--bare', '--quiet', '--initial-branch=main');
  }

  /** Runs git in the repository, and answers with its output without the last newline. */
  git(...args: string[]): string {
    return this.gitWith('', ...args);
  }

  gitWith(input: string | Buffer, ...args: string[]): string {
    const env = { PATH: process.env['PATH'], HOME: this.path, GIT_CONFIG_NOSYSTEM: '1' };
    const options = { cwd: this.path, env, input, maxBuffer: 1e9, stdio: 'pipe' } as const;
    return execFileSync('git', args, options).toString().replace(/\n$/, '');
  }

  /** Writes one commit and moves its branch there; answers with its hash. */
  commit(commit: NewCommit = {}): string {
    return this.commits([commit]);
  }

  /** Writes commits in one go, one upon the other; answers with the hash of the last one. */
  commits(commits: readonly NewCommit[]): string {
    const written = new Set<string>();
    const input = commits.map((commit, index) => {
      const branch = commit.branch ?? 'main';
      const isTip = written.has(branch) || !this.#has(`refs/heads/${branch}`);
      written.add(branch);
      return toImport(commit, { branch, index, from: isTip ? null : `refs/heads/${branch}^0` });
    });
    this.gitWith(Buffer.concat(input), 'fast-import', '--quiet', '--force');
    return this.tip(commits.at(-1)?.branch);
  }

  tip(branch = 'main'): string {
    return this.git('rev-parse', `refs/heads/${branch}`);
  }

  /** Commits on the branch, oldest first. */
  line(branch = 'main'): string[] {
    return this.git('rev-list', '--first-parent', '--reverse', `refs/heads/${branch}`).split('\n');
  }

  #has(ref: string): boolean {
    return this.git('for-each-ref', ref) !== '';
  }
}

/** `from` is where a commit that says nothing of it begins; null: where git is, if anywhere. */
function toImport(
  commit: NewCommit,
  place: { branch: string; index: number; from: string | null },
): Buffer {
  const { author = 'Ann <ann@example.org>', at = 1_700_000_000 } = commit;
  const ref = `refs/heads/${place.branch}`;
  const message = Buffer.from(commit.message ?? `change ${place.index}`);
  const from = commit.from ?? place.from;
  const files = commit.files ?? { [`file-${place.index}`]: `${at} ${place.index}` };
  const entries: [string | Buffer, string][] =
    files instanceof Map ? [...files] : Object.entries(files);
  const parts: (string | Buffer)[] = [
    commit.from === null ? `reset ${ref}\n\n` : '',
    `commit ${ref}\nauthor ${author} ${at} +0000\n`,
    `committer Carl <carl@example.org> ${at + 60} +0000\n`,
    `data ${message.length}\n`,
    message,
    '\n',
    from === null || commit.from === null ? '' : `from ${from}\n`,
    commit.merge === undefined ? '' : `merge ${commit.merge}\n`,
    ...entries.flatMap(([path, content]) => fileChange(path, content)),
  ];
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function fileChange(path: string | Buffer, content: string): (string | Buffer)[] {
  const octal = (byte: string) => `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`;
  const quoted = Buffer.from(path)
    .toString('latin1')
    .replace(/[^\w/.-]/g, octal);
  return [`M 100644 inline "${quoted}"\n`, `data ${Buffer.byteLength(content)}\n`, content, '\n'];
}
