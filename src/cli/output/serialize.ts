/** A document for programs, with a line end. */
export async function serialize(value: unknown, format: 'json' | 'yaml'): Promise<string> {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  const { yamlText } = await import('../../util/yaml.ts');
  return yamlText(value);
}
