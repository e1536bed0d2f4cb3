import { didYouMean } from './suggest.ts';
import { misfit, textType, type Parsed, type TextType } from './text-type.ts';

/** Four names and three slashes make a builder's name, which the protocol limits to 400. */
const maxName = 64;
/** What is longer is no name with a slip of the pen. */
const maxGuess = 200;
const maxAddress = 2_000;

const namePattern = /^[a-z0-9][a-z0-9._-]*$/;

/** A name of the farm's own: it stands in URLs, in file names, and in builders' names. */
export const name = textType<string>(
  `a name of a-z, 0-9, dot, underscore and hyphen, at most ${maxName} long`,
  '',
  (text) => {
    if (namePattern.test(text) && text.length <= maxName) return { value: text };
    const likely = text
      .slice(0, maxGuess)
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+|-+$/g, '')
      .slice(0, maxName);
    return misfit(namePattern.test(likely) ? didYouMean(likely) : null);
  },
);

/** One line for people, or for a program. */
export function line(max: number): TextType<string> {
  return textType(`one line of at most ${max} characters`, '', (text) =>
    // oxlint-disable-next-line no-control-regex
    text.trim() === '' || text.length > max || /[\0-\x1F\x7F-\x9F]/.test(text)
      ? misfit()
      : { value: text },
  );
}

/** Text for people, of several lines. */
export function prose(max: number): TextType<string> {
  return textType(`a text of at most ${max} characters`, '', (text) =>
    // oxlint-disable-next-line no-control-regex
    text.trim() === '' || text.length > max || /[\0-\x08\x0B-\x1F\x7F-\x9F]/.test(text)
      ? misfit()
      : { value: text },
  );
}

/** Text of several lines, such as a shell script. */
export function script(max: number): TextType<string> {
  return textType(`commands for sh, at most ${max} characters`, '', (text) =>
    text.trim() === '' || text.length > max || text.includes('\0') ? misfit() : { value: text },
  );
}

/** A variable's value: anything that a process can be given, also nothing. */
export const variableValue = textType<string>('a text, in quotes when it is empty', '', (text) =>
  text.includes('\0') || text.length > 32_768 ? misfit() : { value: text },
);

export const variableName = textType<string>(
  'a variable: letters, digits and underscore, not beginning with WEIR_',
  '',
  (text) => {
    const isName = /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && text.length <= 200;
    if (isName && !text.toUpperCase().startsWith('WEIR_')) return { value: text };
    return misfit(isName ? 'variables that begin with WEIR_ are set by the farm' : null);
  },
);

/** A branch, under the rules of git-check-ref-format(1). */
export const branch = textType<string>(
  'a branch of the repository, without refs/heads/',
  '',
  (text) => {
    if (text.startsWith('refs/heads/')) return misfit(didYouMean(text.slice('refs/heads/'.length)));
    const isRef =
      text.length <= 250 &&
      !text.startsWith('-') &&
      !/\.\.|@\{|\/\/|^\/|\/$|\.$|^@$/.test(text) &&
      // oxlint-disable-next-line no-control-regex
      !/[\0-\x20\x7F~^:?*[\\]/.test(text) &&
      text.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
    return isRef ? { value: text } : misfit();
  },
);

/** The address of one of the farm's own doors; kept without a slash at its end. */
export function address(example: string, ...schemes: string[]): TextType<string> {
  return textType(`an address such as ${example}`, '', (text): Parsed<string> => {
    if (text.length > maxAddress || !URL.canParse(text)) return misfit();
    const url = new URL(text);
    if (!schemes.includes(url.protocol)) return misfit();
    if (url.username || url.password || url.search || url.hash) return misfit();
    return { value: url.href.replace(/\/+$/, '') };
  });
}

const workerUrl = address('wss://weir.example.org/worker', 'ws:', 'wss:');

/** Where workers connect: an address, or a path at the address of the pages. */
export const workerAddress = textType(
  `${workerUrl.expected}, or a path such as /worker`,
  '',
  (text): Parsed<string> =>
    /^(\/[\w.~-]{1,100}){1,10}$/.test(text) ? { value: text } : workerUrl.parse(text),
);

export const flag = textType<boolean>(
  'true or false',
  false,
  (text) => {
    if (text === 'true' || text === 'false') return { value: text === 'true' };
    if (/^(yes|on|y|true)$/i.test(text)) return misfit(didYouMean('true'));
    return misfit(/^(no|off|n|false)$/i.test(text) ? didYouMean('false') : null);
  },
  { enum: [true, false, 'true', 'false'] },
);

/** A path within the farm file's folder; `*` stands for any part of a name. */
export const pattern = textType<string>(
  "a path within the farm file's folder, such as projects/*.yaml",
  '',
  (text) => {
    const parts = text.split('/');
    const isWithin = parts.every((part) => part !== '' && part !== '.' && part !== '..');
    return isWithin && /^[\w.*-][\w./* -]{0,498}$/.test(text) ? { value: text } : misfit();
  },
);
