// What docs/runbook.md has.

/** Of a heading, up to the next one. */
export function section(text: string, heading: string): string {
  return text.split(/^#{2,3} /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
}

/** The texts in backticks in the first column of its tables below "Refusals". */
export function documentedTexts(text: string): string[] {
  const [, refusals = ''] = text.split(/^## Refusals$/m);
  return documentedIn(refusals);
}

/** Of all tables of a part. */
export function documentedIn(part: string): string[] {
  const cells = [...part.matchAll(/^\| (.*?) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`+ ?(.*?) ?`+/g)].map(([, phrase = '']) => phrase));
}

/** `...` stands for anything; a phrase is found anywhere in a text. */
export function isDocumented(text: string, phrases: readonly string[]): boolean {
  return phrases.some((phrase) => {
    let from = 0;
    return phrase.split('...').every((part) => {
      const at = text.indexOf(part, from);
      from = at + part.length;
      return at >= 0;
    });
  });
}
