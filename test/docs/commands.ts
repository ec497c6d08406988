// The commands of Refit that the docs show.
import type { Command, Option } from 'commander';

/** In backticks, and lines of code; further lines of a command are joined. */
export function shownCommands(markdown: string): string[] {
  const text = markdown.replaceAll(/\\\n\s*/g, '');
  const code = [...text.matchAll(/`([^`\n]+)`/g), ...text.matchAll(/^ {4}(.*)$/gm)];
  return code.flatMap(([, line = '']) => /(?:^|[\s/"])(refit(?:\.js)? .*)$/.exec(line)?.[1] ?? []);
}

/** What is wrong with it: a command, an argument or a flag that there is not. `...` and NAME stand for anything. */
export function problemOf(shown: string, program: Command): string | undefined {
  const words = wordsOf(shown);
  let command = program;
  while (command.commands.length > 0) {
    const next = command.commands.find((each) => each.name() === words[0]);
    if (next === undefined) return /^[a-z]/.test(words[0] ?? '') ? `no command ${words[0]}` : undefined;
    command = next;
    words.shift();
  }
  const given = words.filter((word) => word.startsWith('-')).map((word) => word.split('=')[0] ?? '');
  const unknown = given.filter((flag) => !command.options.some((option) => isCalled(option, flag)));
  if (unknown.length > 0) return `${command.name()} has no ${unknown.join(', ')}`;
  const taken = command.registeredArguments;
  const left = argumentsOf(words, command);
  return left > taken.length && !taken.at(-1)?.variadic
    ? `${command.name()} takes ${taken.length} arguments`
    : undefined;
}

/** Without a comment, the brackets of what may be left out, npm's `--`, a drawing, and other commands in the line. */
function wordsOf(shown: string): string[] {
  const [line = ''] = shown.replace(/^(refit) -- /, '$1 ').split(/\s#|\s{3,}|\s[|>;&]{1,2}\s|[^ -~]/);
  return line
    .replaceAll(/[[\]()]/g, ' ')
    .split(/\s+/)
    .slice(1)
    .filter((word) => word !== '' && word !== '|');
}

function argumentsOf(words: readonly string[], command: Command): number {
  let count = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const option = command.options.find((each) => isCalled(each, word));
    if (option && !option.isBoolean() && !option.negate) index += 1;
    else if (!word.startsWith('-') && word !== '...') count += 1;
  }
  return count;
}

function isCalled({ short, long }: Option, flag: string): boolean {
  return flag === short || flag === long;
}
