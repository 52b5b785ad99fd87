/** What `load-program.ts` gives to the program beside what Node gives to every file: its own `import()`. */
declare const importModule: (url: string) => Promise<unknown>;
