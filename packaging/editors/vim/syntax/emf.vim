" Vim syntax file
" Language: EMF descriptions, emf-idl(5)

if exists('b:current_syntax')
  finish
endif

syntax case match
setlocal iskeyword=@,48-57,_

syntax keyword emfDeclaration chain const enum error flags import module product service struct
syntax keyword emfStatement attach backend callbacks command counter default event gauge handoff histogram
syntax keyword emfStatement license lost map method modules needs param plug priority proceed provides
syntax keyword emfStatement set show signal slot state uses
syntax keyword emfClause access at_end bpf else errors export filter from handled if into key label live max_entries max_series not on_demand
syntax keyword emfClause by_name optional overflow private range required rw served_by short since sort to unit value variant with
syntax keyword emfWord block bounds btf cgroup_skb direct drop_new drop_old helper kfunc kprobe library
syntax keyword emfWord linear log2 map_type perf_event raw_tp sk_lookup socket_filter stacks table tailcall tc
syntax keyword emfWord tp_btf tracepoint uprobe xdp
syntax keyword emfWord configure create poll notify migrate detach destroy
syntax keyword emfType u8 u16 u32 u64 s8 s16 s32 s64 be16 be32 be64 bool char string
syntax keyword emfType ip4 ip6 mac ns duration wall pid comm uid netdev errno signo wait_status argv ksym cgroup container ip tcp_state ipproto syscall cap dev
syntax keyword emfType fd map_fd prog_fd
syntax keyword emfBoolean true yes on false no off

syntax match emfNumber "\<\d\+\>"
syntax match emfNumber "\<0x\x\+\>"
syntax match emfNumber "\<\d\+\(ns\|us\|ms\|s\|m\|h\)\>"
syntax match emfVersion "\<\d\+\.\d\+\(\.\d\+\)\?\>"
syntax match emfEscape +\\["\\n]+ contained
syntax region emfString start=+"+ skip=+\\.+ end=+"+ oneline contains=emfEscape
syntax match emfCharacter "'[^'\\]'"
syntax keyword emfTodo TODO FIXME XXX contained
syntax match emfComment "//.*$" contains=emfTodo,@Spell
syntax match emfDoc "///.*$" contains=@Spell

highlight default link emfDeclaration Structure
highlight default link emfStatement Statement
highlight default link emfClause Keyword
highlight default link emfWord Constant
highlight default link emfType Type
highlight default link emfBoolean Boolean
highlight default link emfNumber Number
highlight default link emfVersion Number
highlight default link emfEscape SpecialChar
highlight default link emfString String
highlight default link emfCharacter Character
highlight default link emfTodo Todo
highlight default link emfComment Comment
highlight default link emfDoc SpecialComment

let b:current_syntax = 'emf'
