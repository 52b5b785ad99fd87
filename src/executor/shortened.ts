/** The longest text in an error, in UTF-16 code units: a command may be as long as a frame, and errors quote it. */
const MAX_TEXT_CHARACTERS = 2_048;

/** Text as it is, or its beginning and how long it was. */
export function shortened(text: string): string {
  if (text.length <= MAX_TEXT_CHARACTERS) return text;
  return `${text.slice(0, MAX_TEXT_CHARACTERS)}… (${text.length} characters)`;
}
