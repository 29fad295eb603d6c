import { expect, it } from '@jest/globals';
import { summaryOf } from './support/durations-reporter.js';

const ran = (name: string, file: string, seconds: number) => ({
  testFilePath: `${process.cwd()}/test/${file}`,
  displayName: { name },
  perfStats: { runtime: seconds * 1000 },
});

it('a run ends with the time of each project, and its slowest files first', () => {
  const many = Array.from({ length: 11 }, (_, index) => ran('real', `${index}.int.spec.ts`, index));
  expect(summaryOf([ran('unit', 'a.unit.spec.ts', 1), ...many, ran('unit', 'b.unit.spec.ts', 2.25)])).toEqual([
    '',
    'unit: 2 files, 3.3 s; the slowest:',
    '     2.3 s  test/b.unit.spec.ts',
    '     1.0 s  test/a.unit.spec.ts',
    '',
    'real: 11 files, 55.0 s; the slowest:',
    ...[10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((index) => `${`${index}.0`.padStart(8)} s  test/${index}.int.spec.ts`),
  ]);
});
