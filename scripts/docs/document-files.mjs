/**
 * What is kept under docs/, by the name of the file: of all contexts, and what each serves of its own.
 * @template {{ readonly name: string }} Context
 * @param {readonly Context[]} contexts
 * @param {(contexts: readonly Context[]) => { readonly openApi: object, readonly asyncApi: object }} documentsOf
 * @returns {Record<string, string>}
 */
export function documentFiles(contexts, documentsOf) {
  const { openApi, asyncApi } = documentsOf(contexts);
  const ofEach = contexts.map((context) => [`openapi.${context.name}.json`, documentsOf([context]).openApi]);
  const documents = { 'openapi.json': openApi, 'asyncapi.json': asyncApi, ...Object.fromEntries(ofEach) };
  return Object.fromEntries(
    Object.entries(documents).map(([file, document]) => [file, `${JSON.stringify(document, null, 2)}\n`]),
  );
}
