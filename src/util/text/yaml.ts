import { Document, stringify } from 'yaml';

const COMPATIBLE = { compat: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;

/**
 * A value, or a document of {@link yamlDocument}, as YAML that readers of YAML 1.1 (Go's, Python's) and of 1.2 read alike: a text that
 * either would take for a boolean, a number, a date or nothing (`no`, `1e3`, `0x1`, `12:30`, `~`) is quoted. No line is folded, and
 * nothing is written as an alias of something else.
 */
export function yamlText(value: unknown): string {
  return value instanceof Document ? value.toString(COMPATIBLE) : stringify(value, COMPATIBLE);
}

/** For who has a say in how a text is quoted. */
export function yamlDocument(value: unknown): Document {
  return new Document(value, COMPATIBLE);
}
