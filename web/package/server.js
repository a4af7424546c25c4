// Where there is no document there is no element to define: pages rendered on a server import this.
export const TailraceLog = undefined;
