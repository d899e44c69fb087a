/** Tests that take long, and whose like runs beside them, are left to `HAUP_WHOLE=1`: CI has fifty minutes for all. */
export const whole = process.env.HAUP_WHOLE === '1';
