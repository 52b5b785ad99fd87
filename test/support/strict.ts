/**
 * Whether nothing may be skipped for want of what is not installed, as in continuous integration: then what is not to be
 * had is a failure.
 */
export const isStrict = process.env.EXEC_SIDECAR_TEST_STRICT === '1';
