// The words of systemd's environment files and units, each with its place in the text, so that one can be cut out.

export interface Word {
  /** Without quotes and escapes. */
  text: string;
  /** In the file, with quotes and escapes: [from, to). */
  from: number;
  to: number;
}

/** `NAME=value` of an environment file. */
export interface Assignment {
  name: string;
  /** As the unit gets it. */
  value: string;
  /** The value in the file, with its quotes: [from, to). */
  from: number;
  to: number;
  /** The value split as systemd does for `$NAME` in ExecStart. */
  words: readonly Word[];
}

/** A setting of a unit file: `Name=words`. */
export interface Setting {
  section: string;
  name: string;
  words: readonly (Word & { characters: readonly Word[] })[];
}

const WHITESPACE = ' \t\r\n';

/** As systemd reads EnvironmentFile=. */
export function environmentAssignments(text: string): readonly Assignment[] {
  const assignments: Assignment[] = [];
  let at = 0;
  while (at < text.length) {
    const [line = ''] = /^[^\n]*/.exec(text.slice(at)) ?? [];
    const [, key, name] = /^(\s*([^\s#;=][^=]*?)\s*=[ \t\r]*)/.exec(line) ?? [];
    if (key === undefined || name === undefined) {
      at += line.length + 1;
      continue;
    }
    const from = at + key.length;
    const { characters, to } = environmentValue(text, from);
    const value = characters.map((character) => character.text).join('');
    assignments.push({ name, value, from, to, words: splitWords(characters) });
    at = to + 1;
  }
  return assignments;
}

/** As systemd reads unit files: comments, sections, continued lines. */
export function unitSettings(text: string): readonly Setting[] {
  const settings: Setting[] = [];
  let section = '';
  let characters: Word[] = [];
  let at = 0;
  for (const line of text.split('\n')) {
    const start = at;
    at += line.length + 1;
    // Also in the middle of a continued line.
    if (/^\s*[#;]/.test(line)) continue;
    const continued = /(?<!\\)(\\\\)*\\$/.test(line);
    for (let index = 0; index < line.length - (continued ? 1 : 0); index += 1) {
      characters.push({ text: line.charAt(index), from: start + index, to: start + index + 1 });
    }
    if (continued) {
      characters.push({ text: ' ', from: at - 2, to: at });
      continue;
    }
    const whole = characters.map((character) => character.text).join('');
    section = /^\s*\[(.+)\]\s*$/.exec(whole)?.[1] ?? section;
    const [key, name] = /^\s*([A-Za-z]+)\s*=/.exec(whole) ?? [];
    if (key !== undefined && name !== undefined) {
      settings.push({ section, name, words: splitWords(characters.slice(key.length)) });
    }
    characters = [];
  }
  return settings;
}

/**
 * Splits at blanks; quotes and backslashes protect them. What stands for other characters (`\x20`) is not decoded: no
 * name of a flag holds it.
 */
export function splitWords(characters: readonly Word[]): (Word & { characters: readonly Word[] })[] {
  const words: (Word & { characters: Word[] })[] = [];
  let word: (typeof words)[number] | undefined;
  let quote = '';
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] as Word;
    if (quote === '' && WHITESPACE.includes(character.text)) {
      word = undefined;
      continue;
    }
    if (word === undefined) words.push((word = { ...character, text: '', characters: [] }));
    word.to = character.to;
    if (character.text === quote) {
      quote = '';
    } else if (quote === '' && (character.text === '"' || character.text === "'")) {
      quote = character.text;
    } else {
      const escaped = character.text === '\\' ? characters[index + 1] : undefined;
      if (escaped) index += 1;
      const { text, to } = escaped ?? character;
      word.characters.push({ text, from: character.from, to });
      word.text += text;
      word.to = to;
    }
  }
  return words;
}

/** Quoted parts and bare ones may follow each other; in a bare one quotes mean themselves. */
function environmentValue(text: string, from: number): { characters: Word[]; to: number } {
  const characters: Word[] = [];
  let quote = '';
  let bare = false;
  let at = from;
  const take = (length: number, value: string): void => {
    if (value !== '') characters.push({ text: value, from: at, to: at + length });
    at += length;
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (quote === '' && character === '\n') break;
    if (character === '\\' && quote !== "'") {
      const next = text.charAt(at + 1);
      // Within double quotes a backslash that protects nothing means itself.
      if (quote === '"' && !'"\\`$\n'.includes(next)) take(1, '\\');
      else take(2, next === '\n' ? '' : next);
      bare = quote === '';
    } else if (character === quote) {
      quote = '';
      take(1, '');
    } else if (quote === '' && !bare && (character === '"' || character === "'")) {
      quote = character;
      take(1, '');
    } else {
      const isBlankBefore: boolean = quote === '' && !bare && WHITESPACE.includes(character);
      bare ||= quote === '' && !isBlankBefore;
      take(1, isBlankBefore ? '' : character);
    }
  }
  return { characters, to: at };
}
