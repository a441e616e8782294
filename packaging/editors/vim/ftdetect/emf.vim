autocmd BufNewFile,BufRead *.emf setfiletype emf
