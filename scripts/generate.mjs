// Generates the routes and the OpenAPI document of each context from its controllers: separate ones, so that an image
// serves only its own. It skips a context whose controllers, and everything that they import, are unchanged.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, filesIn } from './digest.mjs';

/** Other inputs of the generation: the versions of tsoa and TypeScript, and this script. */
const TOOLS = ['package.json', 'package-lock.json', fileURLToPath(import.meta.url)];

const contexts = readdirSync('src', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(`src/${entry.name}/http`) && entry.name !== 'platform')
  .map(({ name }) => name);

for (const context of contexts) {
  const folder = `src/${context}/http/generated`;
  const stamp = `${folder}/made-of`;
  const outputs = [`${folder}/openapi.json`, `${folder}/routes.ts`];
  // Computed before the generation: a change made meanwhile is detected by the next run.
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
 * Returns these files and all that they import, directly or not; possibly a few too many.
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
 * Formats an error like a compiler.
 * @param {Error} error of tsoa, whose message has many lines and quotes the code
 * @param {Iterable<string>} files in which it may be
 */
function inOneLine({ name, message, stack }, files) {
  if (name !== 'Error') return stack;
  const [what = ''] = message.split('\n');
  const [, file, line] = /^At: (.+?\.ts):(\d+)/m.exec(message) ?? placeOfName(message, files);
  return file === undefined ? what : `${path.relative('.', file)}:${line}: ${what.trim()}`;
}

/**
 * Finds the type or the method that the message names: tsoa reports a location only sometimes.
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
  // Loaded here, because it takes longer than detecting that there is nothing to do.
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
          description:
            'A JWT, required with `AUTH_MODE=jwt`. Each operation lists the scopes of which a token needs one. ' +
            'It is verified as RFC8725 recommends: by signature, algorithm, issuer, audience and times. ' +
            "A `:self` scope, accepted with `AUTH_OWNERSHIP=claim`, gives access only to the data of the token's customer.",
        },
      },
    },
    compilerOptions,
  );
  for (const { methods } of metadata.controllers) {
    for (const method of methods) {
      // Callers are authenticated before a request is read; in the routes it would be too late.
      method.security = [];
      for (const parameter of method.parameters) {
        // A body has been held to the document already when it gets to the routes.
        if (parameter.in === 'body') parameter.type = { dataType: 'any' };
        // So has a query, and the routes would count UTF-16 units instead of characters.
        if (parameter.in === 'query') delete parameter.validators.maxLength;
      }
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
