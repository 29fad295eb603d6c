import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ScratchProject } from './support/scratch-project.js';

const CONTROLLER = `import { Controller, Get, Route, Security } from 'tsoa';
import type { ThingDto } from './thing-dto.js';

@Route('things')
@Security('bearer', ['things:read'])
export class ThingsController extends Controller {
  /** @summary Reads a thing. */
  @Get('{id}')
  read(id: string): Promise<ThingDto> {
    return Promise.resolve({ size: 1, colour: 'red', id });
  }
}
`;
const OTHER_CONTROLLER = `import { Controller, Get, Route, Security } from 'tsoa';

@Route('others')
@Security('bearer', ['others:read'])
export class OthersController extends Controller {
  @Get()
  count(): Promise<number> {
    return Promise.resolve(1);
  }
}
`;
const DTO = `import type { Colour } from '../../platform/colour.js';

export interface ThingDto {
  id: string;
  size: number;
  colour: Colour;
}
`;
const COLOUR = `export type Colour = 'red' | 'green';\n`;

describe('npm run generate', () => {
  let generated: ScratchProject;
  let project: ScratchProject;

  beforeAll(async () => {
    generated = new ScratchProject({
      'src/main.ts': '',
      'src/platform/colour.ts': COLOUR,
      'src/things/http/things.controller.ts': CONTROLLER,
      'src/things/http/thing-dto.ts': DTO,
      'src/others/http/others.controller.ts': OTHER_CONTROLLER,
    });
    await generates(generated);
  });

  beforeEach(() => {
    project = new ScratchProject(generated);
  });

  afterEach(() => project.remove());
  afterAll(() => generated.remove());

  it('leaves alone what was made of the same', async () => {
    const before = [madeAt('things'), madeAt('others')];
    project.write('src/things/http/things.controller.ts', CONTROLLER);
    project.write('src/platform/not-imported.ts', 'export {};\n');
    await generates();
    expect([madeAt('things'), madeAt('others')]).toEqual(before);
  });

  it('generates what a type far below a controller changes, and no other context', async () => {
    const others = madeAt('others');
    expect(colours()).toEqual(['red', 'green']);
    project.write('src/platform/colour.ts', `export type Colour = 'red' | 'blue';\n`);
    await generates();
    expect(colours()).toEqual(['red', 'blue']);
    expect(madeAt('others')).toBe(others);
  });

  it('generates what a new controller adds', async () => {
    project.write(
      'src/things/http/more.controller.ts',
      CONTROLLER.replace("'things'", "'more'").replace('ThingsController', 'MoreController'),
    );
    await generates();
    expect(Object.keys(document().paths as object).sort()).toEqual(['/more/{id}', '/things/{id}']);
  });

  it('generates again what somebody has changed or deleted', async () => {
    const routes = join(project.path, 'src/things/http/generated/routes.ts');
    const good = readFileSync(routes, 'utf8');
    project.write('src/things/http/generated/routes.ts', '');
    await generates();
    expect(readFileSync(routes, 'utf8')).toBe(good);
    rmSync(routes);
    await generates();
    expect(readFileSync(routes, 'utf8')).toBe(good);
  });

  it.each([
    {
      wrong: 'a parameter',
      file: 'src/things/http/things.controller.ts',
      content: CONTROLLER.replace('id: string', 'other: string'),
      says: "src/things/http/things.controller.ts:9: @Path('other') Can't match in URL: 'things/{id}'.",
    },
    {
      wrong: 'a type that is no JSON',
      file: 'src/things/http/thing-dto.ts',
      content: DTO.replace('size: number', 'size: unique symbol'),
      says: 'src/things/http/thing-dto.ts:5: Unknown type: TypeOperator',
    },
  ])('reports where a controller is wrong, like a compiler: $wrong', async ({ file, content, says }) => {
    project.write(file, content);
    await fails(says);
  });

  it('reports an error again while nothing has changed', async () => {
    project.write('src/things/http/thing-dto.ts', DTO.replace('colour: Colour', 'colour: Missing'));
    const says = 'src/things/http/thing-dto.ts:6: No declarations found for referenced type Missing.';
    await fails(says);
    await fails(says);
  });

  async function generates(at = project): Promise<void> {
    expect(await at.run('generate.mjs')).toEqual({ code: 0, output: '' });
  }

  async function fails(says: string): Promise<void> {
    const { code, output } = await project.run('generate.mjs');
    expect({ code, last: output.trimEnd().split('\n').at(-1) }).toEqual({ code: 1, last: says });
    expect(output).not.toMatch(/^ +at /m);
  }

  function madeAt(context: string): number {
    return statSync(join(project.path, `src/${context}/http/generated/openapi.json`)).mtimeMs;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- JSON
  function document(): any {
    return JSON.parse(readFileSync(join(project.path, 'src/things/http/generated/openapi.json'), 'utf8'));
  }

  function colours(): unknown {
    return document().components.schemas.Colour.enum;
  }
});
