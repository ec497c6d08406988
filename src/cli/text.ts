/** Columns of a terminal that nobody has made wider. */
export const WIDTH = 80;

/** What others have written may hold line ends, and what would control a terminal: blanks are shown instead. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}

/** Break text into lines of at most `width`, between words; a longer word keeps a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Text behind a heading: its further lines begin below the first. */
export function hanging(
  heading: string,
  text: string,
  style: (line: string) => string = String,
  width = WIDTH,
): string {
  const indent = ' '.repeat(heading.length);
  return wrap(text, width - heading.length)
    .map((line, index) => `${index === 0 ? heading : indent}${style(line)}`)
    .join('\n');
}
