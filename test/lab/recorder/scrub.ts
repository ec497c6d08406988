// A request as it may be kept: what is secret becomes a placeholder of the same length in bytes, and every other
// byte stays, so it is still a request that CAPI could have sent.

/** A member of this name holds a secret, whatever its value looks like. */
const SECRET_MEMBER =
  /passw|passphrase|pwd$|token$|credential|private.?key|api.?key|access.?key|user.?data|-data$|caBundle|last-applied-configuration$/i;
/** So does the `value` of an argument or environment variable of this name. */
const SECRET_NAME = /passw|passphrase|pwd|token$|secret$|credential|api.?key|access.?key/i;

/** Secrets that are told by their form, wherever they are. */
const SECRET_FORMS: readonly [pattern: RegExp, placeholder: (found: string) => string][] = [
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, mask],
  [/\bsha256:[0-9a-f]{64}\b/g, () => `sha256:${'0'.repeat(64)}`],
  [/(?<=-----BEGIN [A-Z0-9 ]+-----)[^-]+/g, withoutLetters],
  [/(?<=:\/\/)[^/\s"@]+(?=@)/g, mask],
];

/** Names, `"name":`, and values, `"value"`, in the order of the text. */
const STRINGS = /"((?:[^"\\]|\\.)*)"(\s*:)?/g;

/** `text` must be JSON as CAPI writes it: of a pair `name` comes before `value`. */
export function scrub(text: string): string {
  let [member, name] = ['', ''];
  return text.replace(STRINGS, (whole: string, content: string, colon: string | undefined) => {
    if (colon !== undefined) {
      member = content;
      return whole;
    }
    if (member === 'name') name = content;
    const isSecret = SECRET_MEMBER.test(member) || (member === 'value' && SECRET_NAME.test(name));
    return `"${isSecret ? mask(content) : withoutForms(content)}"`;
  });
}

function withoutForms(content: string): string {
  return SECRET_FORMS.reduce((text, [pattern, placeholder]) => text.replace(pattern, placeholder), content);
}

/** The dot stays: a token is two words with one between them. */
function mask(content: string): string {
  return content.replaceAll(/[^.]/gu, (one) => 'x'.repeat(Buffer.byteLength(one)));
}

/** Its line ends stay, so that it still looks like a document. */
function withoutLetters(content: string): string {
  return content.replace(/\\.|[^\\]/g, (one) => (one.startsWith('\\') ? one : 'x'));
}
