// What a check on the host comes to.

/** A refusal names what was found, what was expected and what to do; a note is for people and stops nothing. */
export interface Finding {
  is: 'refusal' | 'note';
  text: string;
}

export const refusal = (text: string): Finding => ({ is: 'refusal', text });
export const note = (text: string): Finding => ({ is: 'note', text });

export const textsOf = (findings: readonly Finding[], is: Finding['is']): string[] =>
  findings.filter((finding) => finding.is === is).map(({ text }) => text);
