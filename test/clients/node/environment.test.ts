import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environmentOf } from '../../../clients/node/environment.js';
import { Sidecar } from '../../../clients/node/index.js';

beforeEach(() => {
  vi.stubEnv('NODE_EXTRA_CA_CERTS', '/nowhere/certificates.pem');
  vi.stubEnv('OF_THE_HOST', 'kept');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the environment of a sidecar', () => {
  it('is that of the host without the certificates, of which the sidecar of this package has no use', () => {
    const { NODE_EXTRA_CA_CERTS: certificates, ...others } = process.env;
    expect(certificates).toBeDefined();
    expect(environmentOf({})).toEqual(others);
    expect(others).toHaveProperty('OF_THE_HOST', 'kept');
  });

  it('is all of that of the host for another executable', () => {
    expect(environmentOf({ executable: '/opt/wrapper' })).toEqual(process.env);
  });

  it('is what the caller gives and nothing else', () => {
    const env = { NODE_EXTRA_CA_CERTS: '/given.pem' };
    expect(environmentOf({ env })).toEqual(env);
  });

  it.skipIf(process.platform !== 'linux')('is what the sidecar of this package starts with', async () => {
    await using sidecar = await Sidecar.spawn();
    const names = (await readFile(`/proc/${sidecar.pid}/environ`, 'utf8'))
      .split('\0')
      .map((entry) => entry.split('=')[0]);
    expect(names).toContain('OF_THE_HOST');
    expect(names).not.toContain('NODE_EXTRA_CA_CERTS');
  });
});
