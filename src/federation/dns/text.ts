/** A TXT's text as it stands in a zone file (RFC 1035, section 5.1): in quotes, 255 bytes at most each. Ours has nothing to escape. */
export function quoted(text: string): string {
  const parts = text.match(/.{1,255}/g) ?? [''];
  return parts.map((part) => `"${part}"`).join(' ');
}

/** The text of a TXT from its form in a zone file; as it is where that is not understood. */
export function unquoted(value: string): string {
  if (!/^"([^"\\]*)"( "([^"\\]*)")*$/.test(value)) return value;
  return value.slice(1, -1).split('" "').join('');
}
