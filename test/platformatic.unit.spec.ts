import { describe, expect, it } from '@jest/globals';
import { runsPlatformatic } from '../src/platform/operating/config/kafka-settings.js';
import { missingForPlatformatic } from './support/platformatic.js';

describe('the tests with @platformatic/kafka', () => {
  it.each(['20.20.2', '22.21.1', '22.22.0', '23.11.1', '24.5.0', '24.6.0', '25.0.0', process.versions.node])(
    'run on Node.js %s exactly if the product accepts it there',
    (node) => {
      expect(missingForPlatformatic({ node }) === undefined).toBe(runsPlatformatic(node));
    },
  );
});
