import { PrismaClient, Prisma } from '../../../../packages/db/generated/client';
import { Mood, State } from './state';
import { greet } from './utils';
const prisma = new PrismaClient();
export const look = async ({ name }: typeof State.State) => ({
  rows: await prisma.user.findMany({ where: { name }, orderBy: Prisma.SortOrder.asc }),
});
export const tell = async ({ name, rows }: typeof State.State) => {
  const { plural } = await import('../../../../packages/words/src/index');
  return { said: `${greet(name, Mood.Kind)} ${plural('row', rows.length)} ${typeof require} ${typeof __dirname}` };
};
