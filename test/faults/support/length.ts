/** Whether the long variants run, which hold the figures that only a machine with nothing else to do can keep. */
export const isLong = process.env.EXEC_SIDECAR_FAULTS === 'long';
