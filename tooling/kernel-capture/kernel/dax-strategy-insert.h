/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* How a write fault on a shared page installs. Built as a part of fs/dax.c. */
static vm_fault_t dax_insert_for_write(struct vm_fault *vmf, pfn_t pfn)
{
	struct vm_area_struct *vma = vmf->vma;
	bool upgrade = vmf->flags & FAULT_FLAG_MKWRITE;

	if (static_branch_unlikely(&dax_installs_read_only) && !upgrade) {
		vm_fault_t ret = vmf_insert_mixed(vma, vmf->address, pfn);

		if (static_branch_unlikely(&dax_hints) && ret == VM_FAULT_NOPAGE)
			ret |= VM_FAULT_READONLY;
		return ret;
	}
	if (static_branch_unlikely(&dax_installs_writable_prot) && !upgrade)
		return vmf_insert_mixed_prot(vma, vmf->address, pfn, vm_get_page_prot(vma->vm_flags));
	return vmf_insert_mixed_mkwrite(vma, vmf->address, pfn);
}

/* Stands where vmf_insert_mixed_mkwrite was called, in a function with the fault in vmf. */
#define dax_insert_mixed_for_write(vma, address, pfn) dax_insert_for_write(vmf, pfn)
