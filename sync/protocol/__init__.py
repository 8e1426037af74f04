"""The wire structs: what goes between phone, browser and server. The interface's TypeScript is generated from them.

Structs only, no behaviour. A struct refuses fields that it does not know (SPEC M2).
"""
