/** The agent's own version, also in the one-file agent, which has no package.json beside it. */
export const agentVersion = '0.1.0';
