// Writes the routes and the OpenAPI document of each context from its controllers: one of each a context, so that an
// image serves only its own.
import { readdirSync, readFileSync } from 'node:fs';
import { generateRoutes, generateSpec } from 'tsoa';

const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
const contexts = readdirSync('src', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'platform')
  .map(({ name }) => name);

for (const context of contexts) {
  const outputDirectory = `src/${context}/http/generated`;
  const common = {
    entryFile: 'src/main.ts',
    controllerPathGlobs: [`src/${context}/http/*.controller.ts`],
    noImplicitAdditionalProperties: /** @type {const} */ ('throw-on-extras'),
  };
  const compilerOptions = { experimentalDecorators: true };
  await generateSpec(
    {
      ...common,
      outputDirectory,
      specFileBaseName: 'openapi',
      specVersion: 3,
      name: 'accounts-orders',
      version,
      license,
    },
    compilerOptions,
  );
  await generateRoutes(
    {
      ...common,
      bodyCoercion: false,
      routesDir: outputDirectory,
      routesFileName: 'routes.ts',
      middleware: 'express',
      esm: true,
      iocModule: 'src/platform/http/ioc',
    },
    compilerOptions,
  );
}
