/** Tools of an MCP server in a process of its own. */
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { createAgent } from 'langchain';
import { fileURLToPath } from 'node:url';
import { call, turns } from '../lib/scripted.ts';
const client = new MultiServerMCPClient({
  mcpServers: {
    calc: {
      transport: 'stdio',
      command: process.execPath,
      args: [fileURLToPath(new URL('./server.mjs', import.meta.url))],
    },
  },
});
const tools = await client.getTools();
export const graph = createAgent({ model: turns({ calls: [call('mul', { a: 6, b: 7 })] }, 'ok'), tools });
