/** Break text into lines of at most `width`, between words; a longer word keeps a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
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
  width: number,
  style: (line: string) => string = String,
): string {
  const indent = ' '.repeat(heading.length);
  return wrap(text, width - heading.length)
    .map((line, index) => `${index === 0 ? heading : indent}${style(line)}`)
    .join('\n');
}
