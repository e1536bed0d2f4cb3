import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

/** What a forge tells of a push: no more of it is believed than that somebody should look. */
export interface Push {
  /** Addresses under which the farm file may know the repository. */
  readonly repositories: readonly string[];
  /** The branch that moved; null when the forge names none: then all of the repository's are meant. */
  readonly branch: string | null;
}

/** How a forge signs what it sends, and where its messages say what moved. */
export interface Forge {
  isSigned(headers: IncomingHttpHeaders, body: Buffer, secret: string): boolean;
  /** Whether the message is about a push at all; others are answered and left alone. */
  isPush(headers: IncomingHttpHeaders): boolean;
  /** @throws ZodError when the body is no such message */
  read(body: unknown): Push;
}

const url = z.string().max(2_000).optional();
const ref = z.string().max(1_000).optional();
/** GitHub, and Forgejo and Gitea, which took its form. */
const pushSchema = z.object({
  ref,
  repository: z.object({ clone_url: url, ssh_url: url, git_url: url, html_url: url }),
});
const gitlabSchema = z.object({
  ref,
  project: z.object({ git_http_url: url, git_ssh_url: url, web_url: url }),
});

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
const github: Forge = {
  isSigned: (headers, body, secret) =>
    isSame(one(headers, 'x-hub-signature-256'), `sha256=${hmac(body, secret)}`),
  isPush: (headers) => one(headers, 'x-github-event') === 'push',
  read: readPush,
};

/** https://forgejo.org/docs/latest/user/webhooks/ */
const forgejo: Forge = {
  isSigned(headers, body, secret) {
    const signature = one(headers, 'x-forgejo-signature') || one(headers, 'x-gitea-signature');
    return isSame(signature, hmac(body, secret));
  },
  isPush: (headers) =>
    (one(headers, 'x-forgejo-event') || one(headers, 'x-gitea-event')) === 'push',
  read: readPush,
};

/** https://docs.gitlab.com/user/project/integrations/webhooks/: the secret itself, in a header. */
const gitlab: Forge = {
  isSigned: (headers, _body, secret) => isSame(one(headers, 'x-gitlab-token'), secret),
  isPush: (headers) => one(headers, 'x-gitlab-event') === 'Push Hook',
  read(body) {
    const push = gitlabSchema.parse(body);
    const { git_http_url, git_ssh_url, web_url } = push.project;
    return { repositories: known(git_http_url, git_ssh_url, web_url), branch: branchOf(push.ref) };
  },
};

/** By the last part of the address that the forge is told. */
export const forges: ReadonlyMap<string, Forge> = new Map([
  ['github', github],
  ['gitlab', gitlab],
  ['forgejo', forgejo],
  ['gitea', forgejo],
]);

function readPush(body: unknown): Push {
  const { repository, ref: pushed } = pushSchema.parse(body);
  const { clone_url, ssh_url, git_url, html_url } = repository;
  return {
    repositories: known(clone_url, ssh_url, git_url, html_url),
    branch: branchOf(pushed),
  };
}

function known(...addresses: readonly (string | undefined)[]): string[] {
  return addresses.filter((address) => address !== undefined);
}

function branchOf(name: string | undefined): string | null {
  return name?.startsWith('refs/heads/') === true ? name.slice('refs/heads/'.length) : null;
}

function one(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

function hmac(body: Buffer, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/** In a time that tells nothing of where two texts differ, nor of how long they are. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
