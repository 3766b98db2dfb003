import { normalised } from '../domain/sanitise.js';

/** Phrases that push a reviewer instead of informing: false authority, urgency, threat, flattery. English; a flag only, never a verdict. */
const PRESSURE: readonly RegExp[] = [
  /\b(pre-?approved|already (been )?(approved|authori[sz]ed|cleared|signed off)|no (need|reason) to (review|check|verify)|(skip|bypass|waive)\b.{0,20}\b(review|approval|check))/i,
  /\b(approved|authori[sz]ed|cleared|requested|ordered|signed off|insist\w*|demand\w*)\b.{0,30}\b(ceo|cfo|cto|coo|ciso|chief|director|president|management|legal|compliance|board|boss|policy)\b/i,
  /\b(ceo|cfo|cto|coo|ciso|chief|director|president|management|legal|compliance|board|boss)\b.{0,30}\b(approved|authori[sz]ed|cleared|wants|requested|ordered|signed|insist\w*|demand\w*)/i,
  /\b(urgent(ly)?|asap|immediately|right (now|away)|at once|hurry|time[- ]critical|emergency|without delay|last chance|before it'?s too late|no time)\b/i,
  /\b(or else|you will be|you'll be|held) (responsible|liable|accountable|blamed|fired|reported)\b|\b(lawsuit|sue|legal action|lose (your|their) job|consequences for you|escalate (this )?to your (boss|manager))\b/i,
  /\b(just (approve|click|sign|confirm)|please (just )?approve|simply approve|trust me|rubber[- ]?stamp|(a|just a|mere|routine) formality|don'?t worry)\b/i,
  /\b(you(?:'re| are) (the best|so (smart|kind|helpful)|an? (expert|excellent|great|wonderful))|as (an expert|a professional) like you|your excellent judg)/i,
];

/** Whether a text presses (case 23), as a person reads it: wherever its lines end, and whatever nobody sees in its words. */
export function isPressing(text: string): boolean {
  const read = normalised(text).replace(/\s+/g, ' ');
  return PRESSURE.some((pattern) => pattern.test(read));
}
