import { afterAll } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder } from '../src/platform/testing/temporary-folder.js';
import { replayWhileServingContract } from './replay-while-serving.contract.js';
import { Serving } from './support/serving.js';

const folders: TemporaryFolder[] = [];

afterAll(async () => {
  for (const folder of folders) await folder.remove();
});

replayWhileServingContract('embedded databases', async () => {
  const folder = await temporaryFolder();
  folders.push(folder);
  return Serving.start({ DATA_DIR: folder.path });
});
