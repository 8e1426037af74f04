"""The interface's types are those of the server's structs."""

from server.wire_types import TARGET, typescript


def test_the_interface_speaks_the_types_of_the_wire_structs() -> None:
    assert TARGET.read_text("utf-8") == typescript(), "stale: run `ronda protocol`"


def test_tagged_unions_enumerations_and_absent_groups_keep_their_meaning() -> None:
    source = typescript()
    assert 'export interface FileNil {\n  kind: "nil";' in source
    assert "export type Change = ReportChange | NilChange;" in source
    assert 'export const Locale = ["id", "en"] as const;' in source
    assert "  identity?: Identity;" in source
    assert "  mutations: unknown[];" in source
