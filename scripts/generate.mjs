// Writes the routes and the OpenAPI document of each context from its controllers: one of each a context, so that an
// image serves only its own.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { generateRoutes, generateSpec } from 'tsoa';

const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
const contexts = readdirSync('src', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`src/${entry.name}/http`) && entry.name !== 'platform')
  .map(({ name }) => name);

for (const context of contexts) {
  const outputDirectory = `src/${context}/http/generated`;
  const common = {
    entryFile: 'src/main.ts',
    controllerPathGlobs: [`src/${context}/http/*.controller.ts`],
    noImplicitAdditionalProperties: /** @type {const} */ ('throw-on-extras'),
  };
  const compilerOptions = { experimentalDecorators: true };
  const metadata = await generateSpec(
    {
      ...common,
      outputDirectory,
      specFileBaseName: 'openapi',
      specVersion: 3,
      name: 'accounts-orders',
      version,
      license,
      operationIdTemplate: "{{replace controllerName 'Controller' ''}}_{{method.name}}",
      securityDefinitions: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A JWT, where the process has `AUTH_MODE=jwt`; an operation names the scopes that it needs.',
        },
      },
    },
    compilerOptions,
  );
  for (const { methods } of metadata.controllers) {
    for (const method of methods) {
      // Who calls is asked before anything of a request is read, which in the routes would be too late.
      method.security = [];
      // A body has been held to the document already when it gets to the routes.
      for (const parameter of method.parameters) if (parameter.in === 'body') parameter.type = { dataType: 'any' };
    }
  }
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
    undefined,
    metadata,
  );
}
