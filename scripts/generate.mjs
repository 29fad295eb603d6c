// Writes the routes and the OpenAPI document of each context from its controllers: one of each a context, so that an
// image serves only its own. It skips a context while its controllers, and all that they import, are unchanged.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, filesIn } from './digest.mjs';

/** Whatever else has a say in what is generated: tsoa and TypeScript of this version, and this script. */
const TOOLS = ['package.json', 'package-lock.json', fileURLToPath(import.meta.url)];

const contexts = readdirSync('src', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`src/${entry.name}/http`) && entry.name !== 'platform')
  .map(({ name }) => name);

for (const context of contexts) {
  const folder = `src/${context}/http/generated`;
  const stamp = `${folder}/made-of`;
  const outputs = [`${folder}/openapi.json`, `${folder}/routes.ts`];
  // Read before anything is generated: what changes meanwhile is generated from the next time.
  const sources = withImports(controllersOf(context));
  const inputs = digestOf([...TOOLS, ...sources]);
  const stampNow = () => `${inputs} ${digestOf(outputs)}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === stampNow()) continue;
  rmSync(stamp, { force: true });
  try {
    await generate(context, folder);
  } catch (error) {
    console.error(inOneLine(/** @type {Error} */ (error), sources));
    process.exit(1);
  }
  writeFileSync(stamp, stampNow());
}

/** @param {string} context */
function controllersOf(context) {
  return filesIn(`src/${context}/http`).filter((file) => file.endsWith('.controller.ts'));
}

/**
 * These files, and those that they import, those import, and so on; a few too many at worst.
 * @param {string[]} files
 */
function withImports(files) {
  const found = new Set(files);
  for (const file of found) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/['"](\.{1,2}\/[^'"\n]+)\.js['"]/g)) {
      const imported = path.join(path.dirname(file), `${name}.ts`);
      if (existsSync(imported)) found.add(imported);
    }
  }
  return found;
}

/**
 * As a compiler would say it.
 * @param {Error} error of tsoa, whose message goes over many lines and quotes the code
 * @param {Iterable<string>} files that it may be about
 */
function inOneLine({ name, message, stack }, files) {
  if (name !== 'Error') return stack;
  const [what = ''] = message.split('\n');
  const [, file, line] = /^At: (.+?\.ts):(\d+)/m.exec(message) ?? placeOfName(message, files);
  return file === undefined ? what : `${path.relative('.', file)}:${line}: ${what.trim()}`;
}

/**
 * Where the type or the method is that the message names: of the place itself tsoa tells only sometimes.
 * @param {string} message
 * @param {Iterable<string>} files
 */
function placeOfName(message, files) {
  const [, type, controller, method] = /referenced type (\w+)|in '(\w+)\.(\w+)'/.exec(message) ?? [];
  const name = new RegExp(type === undefined ? `^ *(?:async )?${method}\\(` : `\\b${type}\\b`);
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').split('\n');
    const index = lines.findIndex((line) => name.test(line));
    const isIn = type !== undefined || lines.some((line) => line.includes(`class ${controller} `));
    if (index >= 0 && isIn) return [name.source, file, String(index + 1)];
  }
  return [];
}

/**
 * @param {string} context
 * @param {string} outputDirectory
 */
async function generate(context, outputDirectory) {
  // Loaded here: that takes longer than to find out that there is nothing to do.
  const { generateRoutes, generateSpec } = await import('tsoa');
  const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
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
      iocModule: 'src/platform/http/resources/ioc',
    },
    compilerOptions,
    undefined,
    metadata,
  );
}
