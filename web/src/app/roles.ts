/** Who may be signed in; the server's own words. */
export const ROLES = [
  'agent',
  'specialist',
  'team_lead',
  'supervisor',
  'reviewer',
  'revisitor',
  'unit_handler',
  'unit_head',
  'analyst',
  'leader',
  'auditor',
  'admin',
] as const;

export type Role = (typeof ROLES)[number];

/** Where each role begins its day, best first: the first page that exists is taken. */
export const HOMES: Record<Role, readonly string[]> = {
  agent: ['/desk'],
  specialist: ['/specialist', '/tickets'],
  team_lead: ['/supervisor', '/desk'],
  supervisor: ['/supervisor', '/desk'],
  reviewer: ['/review', '/tickets'],
  revisitor: ['/revisit', '/tickets'],
  unit_handler: ['/unit', '/tickets'],
  unit_head: ['/unit', '/tickets'],
  analyst: ['/tickets'],
  leader: ['/supervisor', '/tickets'],
  auditor: ['/tickets'],
  admin: ['/admin', '/tickets'],
};

/** Who talks to citizens, or watches over those who do, from a phone in the page. */
export const PHONE_ROLES: readonly Role[] = ['agent', 'specialist', 'team_lead', 'supervisor', 'revisitor'];
