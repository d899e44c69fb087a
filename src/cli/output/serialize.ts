import { isHostile, printableJson, yamlEscaped } from './safe.ts';

/** A document for programs, with a line end; a terminal can show it too. */
export async function serialize(value: unknown, format: 'json' | 'yaml'): Promise<string> {
  if (format === 'json') return `${printableJson(value, 2)}\n`;
  const [{ Scalar, visit }, { yamlDocument, yamlText }] = await Promise.all([
    import('yaml'),
    import('../../util/text/yaml.ts'),
  ]);
  const document = yamlDocument(value);
  visit(document, {
    // Escapes exist in double quotes only.
    Scalar(_, node) {
      if (typeof node.value === 'string' && isHostile(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return yamlEscaped(yamlText(document));
}
