//! Charts, tables and pages made from results.
