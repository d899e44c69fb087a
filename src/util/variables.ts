/** Environment variables, as one place in cli/ reads them and hands them down. */
export type Variables = Readonly<Record<string, string | undefined>>;
