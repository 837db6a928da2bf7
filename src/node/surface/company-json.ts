// How a company is named to people.
export interface CompanyJson {
  did: string
  /** Empty until the company's identity log has arrived. */
  legalName: string
  registrationNumber: string
  /** The eight words to compare by phone. */
  words: string[]
}
